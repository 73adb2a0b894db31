"""A TCP proxy before a Redis on a unix socket: it cuts connections at a chosen byte of the replies."""

import contextlib
import socket
import threading


class Proxy:
    """Attributes: url.  Every connection goes through until `cut_after` or `cut` says otherwise."""

    def __init__(self, socket_path):
        self._socket_path = str(socket_path)
        self._budget = None
        self._lock = threading.Lock()
        self._open = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.was_cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, socket_path) -> None:
        """From now on new connections go there; those that are open stay where they are."""
        self._socket_path = str(socket_path)

    def cut_after(self, reply_bytes: int) -> None:
        """Lets so many more bytes of replies through, then cuts the connection, once.  Requests arrive all the same."""
        with self._lock:
            self._budget = reply_bytes
            self.was_cut.clear()

    def cut(self) -> None:
        """Cuts all connections now."""
        with self._lock:
            for one in list(self._open):
                _shut(one)

    def refuse(self) -> None:
        """Takes no new connections and cuts those that are open."""
        _shut(self._listener)
        self.cut()

    def close(self) -> None:
        self.refuse()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._socket_path)
                with self._lock:
                    self._open |= {client, server}
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, target, replies):
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                allowed, cut = self._allow(len(data)) if replies else (len(data), False)
                if allowed:
                    target.sendall(data[:allowed])
                if cut:
                    self.was_cut.set()
                    break
        for one in (source, target):
            _shut(one)
            self._open.discard(one)

    def _allow(self, size):
        with self._lock:
            if self._budget is None or size <= self._budget - 1:
                self._budget = None if self._budget is None else self._budget - size
                return size, False
            allowed, self._budget = self._budget, None
            return allowed, True


def _shut(one):
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
