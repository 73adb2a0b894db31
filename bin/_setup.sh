# Sourced by the other programs here: makes the Python environments that they need, and says what it does.
# Needs python3 (3.11 or newer) with its venv module, and a package index on the first run.  Writes into the checkout only.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
python="$root/.venv/bin/python"

say() { printf '%s\n' "$*" >&2; }

# fail SENTENCE HINT
fail() {
    say "$1"
    say "Hint: $2"
    exit 1
}

# setup run | dev: what bin/up needs, or that and the tools
setup() {
    _lock
    _ensure_python
    _ensure_environment .venv
    if [ "$1" = dev ]; then
        _ensure_installed .venv dev -r "$root/requirements-dev.txt" -r "$root/requirements-e2e.txt"
    else
        _ensure_installed .venv run -r "$root/requirements.txt"
    fi
    _unlock
}

# a real TaskTiger, which needs an older Redis client, in .venv-tasktiger
setup_tasktiger() {
    _lock
    _ensure_python
    _ensure_environment .venv-tasktiger
    _ensure_installed .venv-tasktiger tasktiger -r "$root/requirements-tasktiger.txt"
    _unlock
}

# two of these programs may be started at once
_lock() {
    exec 9<"$root/bin/_setup.sh"
    if command -v flock >/dev/null; then flock 9; fi
}

_unlock() { exec 9<&-; }

_ensure_python() {
    command -v python3 >/dev/null ||
        fail "Python 3.11 or newer is needed, and there is no python3 here." "On Debian: apt install python3 python3-venv"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed; python3 here is $(python3 -V)." "Put a newer python3 first on the PATH."
    python3 -c 'import venv, ensurepip' 2>/dev/null ||
        fail "This Python cannot make virtual environments." "On Debian: apt install python3-venv"
}

# an environment that outlived its Python, or belongs to another one, is made anew
_ensure_environment() {
    place="$root/$1"
    which='import sys; print(sys.version, sys.base_prefix)'
    if [ "$("$place/bin/python" -c "$which" 2>/dev/null)" = "$(python3 -c "$which")" ]; then
        return
    fi
    say "Making a Python environment in $1 …"
    rm -rf "$place" 2>/dev/null || :
    python3 -m venv "$place" >/dev/null 2>&1 ||
        fail "A Python environment cannot be made in $place." "Check who owns this folder, and the space left on the disk."
}

# _ensure_installed ENVIRONMENT LEVEL PIP-ARGUMENTS…
_ensure_installed() {
    place="$root/$1" level=$2 title=$1
    shift 2
    # the place is part of it: an installed checkout that was moved has to be installed again
    stamp="$root $(cat "$root"/requirements*.txt "$root/constraints.txt" "$root/pyproject.toml" "$root/bin/_setup.sh" | cksum)"
    if [ "$(cat "$place/installed-$level" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    [ -w "$place" ] || fail "The environment $place is out of date and belongs to somebody else." "Remove it, or use your own clone."
    if [ "$level" = tasktiger ]; then
        _pip "$title" "$@"
    else
        # setuptools: installing the checkout itself must not need the network a second time
        _pip "$title" -c "$root/constraints.txt" "$@" setuptools
        _pip "" --no-deps --no-build-isolation --config-settings editable_mode=compat -e "$root"
    fi
    printf '%s' "$stamp" >"$place/installed-$level"
    if [ "$level" = dev ]; then printf '%s' "$stamp" >"$place/installed-run"; fi
}

# _pip TITLE ARGUMENTS…: quiet, but never still for long
_pip() {
    title=$1 log="$place/install.log" started=$(date +%s)
    shift
    if [ -n "$title" ]; then say "Installing packages into $title …"; fi
    "$place/bin/python" -m pip install --disable-pip-version-check --no-input --retries 2 "$@" >"$log" 2>&1 &
    pip=$!
    trap 'kill $pip 2>/dev/null; exit 130' INT TERM
    while kill -0 $pip 2>/dev/null; do
        sleep 0.2
        if [ -n "$title" ] && [ -t 2 ]; then
            printf '\r  %s found, %s s' "$(grep -c '^Collecting' "$log")" $(($(date +%s) - started)) >&2
        fi
    done
    trap - INT TERM
    if [ -n "$title" ] && [ -t 2 ]; then printf '\r\033[K' >&2; fi
    if wait $pip; then
        if [ -n "$title" ]; then say "  done in $(($(date +%s) - started)) s"; fi
        return
    fi
    if grep -qiE 'connection (broken|error|refused|reset)|name resolution|name or service|network is unreachable|timed out|max retries|ProxyError|SSLError' "$log"; then
        fail "The packages could not be downloaded: the package index does not answer." \
            "Check the network, or name a mirror with PIP_INDEX_URL; then start again. Details: $log"
    fi
    fail "The packages could not be installed: $(grep -iE '(^|[^a-z])error: ' "$log" | tail -n 1)" "Details: $log"
}
