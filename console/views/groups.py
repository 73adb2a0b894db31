"""One error group: what its tasks have in common, and acts on all of them."""

import functools
from itertools import zip_longest

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, causes, detail, links, paging, presenters, reading, seen, started
from console.auth import may
from console.current import engine, now, settings
from console.forms import given_end, given_pace
from console.page import Page
from console.presenters import visible
from console.shell import Shell
from queue_core import states
from queue_core.errors import InvalidRequest, OperationNotFound, TaskNotFound

FEW = 5
MAX_TASKS = 50_000
MAX_OF_A_QUEUE = 10_000
SAMPLES_TRIED = 5


class GroupsPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Error group", endpoint="groups", url="/errors/groups")

    @expose("/")
    @may("look")
    def index(self):
        return redirect(url_for("errors.index"))

    @expose("/<name:group_id>")
    @may("look")
    def show(self, group_id):
        rooms, group = engine(), reading.error_group(group_id)
        note, deploys = reading.error_note(group_id), reading.deploys()
        page = rooms.error_groups.tasks(group_id, cursor=paging.cursor(), limit=settings().page_size)
        found = reading.failed([(queue, task_id) for queue, task_id, _ in page.tasks])
        shared, looked_at = reading.common_arguments(group_id)
        rows = [presenters.task_row(row) for row in found if row is not None]
        return self.render(
            "groups/show.html",
            group=group,
            cause=causes.cause(group, note, deploys[0].at if deploys else None, now()),
            note=note,
            deploy=_deploy_before(deploys, group.first_at),
            task=(task := _sample(page.tasks)),
            links_of_run=lambda run: _links(task, run),
            shared=shared,
            looked_at=looked_at,
            parts=[
                (title, causes.parts(pairs, group.seen))
                for title, pairs in (("Functions", group.functions), ("Queues", group.queues), ("Hosts", group.hosts))
            ],
            rows=rows,
            left=len(found) - len(rows),
            pager=paging.onward(page.next_cursor, len(page.tasks)),
            total=page.total,
            operations=_operations(group_id),
            holds=_holds(group),
            duty=_duty(group),
            few=FEW,
            most_known=rooms.settings.max_error_group_tasks,
            now=now(),
        )

    @expose("/<name:group_id>/note", methods=["POST"])
    @may("operate")
    def note(self, group_id):
        def act(actor):
            engine().error_groups.annotate(group_id, request.form.get("note", ""), actor=actor)

        return actions.perform(
            "note group",
            act,
            told="The note is kept.",
            back=actions.came_from(_url(group_id)),
            queues=lambda: _queues(group_id),
        )

    @expose("/<name:group_id>/pause", methods=["POST"])
    @may("operate")
    def pause(self, group_id):
        """One of the queues in which it fails."""
        queue = request.form.get("queue", "")

        def act(actor):
            engine().control.pause(queue, actor=actor, reason=actions.given_reason(), until=given_end("A pause"))

        told = f"{visible(queue)} is paused."
        return actions.perform("pause", act, told=told, back=actions.came_from(_url(group_id)), queue=queue)

    @expose("/<name:group_id>/snooze", methods=["POST"])
    @may("operate")
    def snooze(self, group_id):
        seconds = request.form.get("seconds", "")

        def act(actor):
            until = now() + _whole(seconds) if seconds else None
            engine().error_groups.snooze(group_id, until, actor=actor)

        told = "The group is snoozed." if seconds else "The group is not snoozed any more."
        return actions.perform(
            "snooze group", act, told=told, back=actions.came_from(_url(group_id)), queues=lambda: _queues(group_id)
        )

    @expose("/<name:group_id>/<any(retry,purge):verb>")
    @may("operate")
    def preview(self, group_id, verb):
        group, not_after = reading.error_group(group_id), now()
        chosen = _chosen(group_id, not_after, MAX_TASKS)
        matched = sum(map(len, chosen.values()))
        return self.render(
            "groups/preview.html",
            verb=verb,
            group=group,
            cause=causes.cause(group, None, None, not_after),
            queues=sorted(((queue, len(ids)) for queue, ids in chosen.items()), key=lambda pair: -pair[1]),
            matched=matched,
            beyond=max(0, group.tasks - matched),
            holds=_holds(group) if verb == "retry" else [],
            most_known=engine().settings.max_error_group_tasks,
            must_type=verb == "purge" and matched > seen.TYPED_ABOVE,
            not_after=not_after,
            now=now(),
        )

    @expose("/<name:group_id>/<any(retry,purge):verb>", methods=["POST"])
    @may("operate")
    def perform(self, group_id, verb):
        # once: what one may act on is what is acted on
        chosen = functools.cache(lambda: _chosen(group_id, seen.not_after(), _most()))

        def act(actor):
            if verb == "purge":
                seen.confirm(sum(map(len, chosen().values())))
            reason = actions.given_reason() or f"error group {reading.error_group(group_id).title}"[:500]
            pace = given_pace() if verb == "retry" else {}
            return _start(verb, group_id, chosen(), actor, reason, pace)

        return actions.perform(
            f"{verb} group",
            act,
            told=lambda done: _told(verb, done),
            back=lambda done: _where(group_id, done),
            queues=chosen,
        )


def _holds(group):
    """Those that keep its tasks from running."""
    functions = [name for name, _ in group.functions]
    return [hold for hold in (Shell().holds or []) if hold.name == group.id or hold.name in functions]


def _duty(group):
    """Who answers for the queue or function in which it fails most."""
    places = zip_longest((name for name, _ in group.queues), (name for name, _ in group.functions))
    found = (links.duty(settings().duties, queue=queue or "", func=func) for queue, func in places)
    return next(filter(None, found), None)


def _queues(group_id):
    """Those in which the group was seen."""
    return [queue for queue, _ in reading.error_group(group_id).queues]


def _start(verb, group_id, chosen, actor, reason, pace):
    """One operation for each queue, run here when all of them are small together."""
    if not chosen:
        return []
    operations, groups = engine().operations, engine().error_groups
    begun = operations.start_together(verb, states.ERROR, chosen, actor=actor, reason=reason, **pace)
    for operation in reversed(begun):
        groups.remember_operation(group_id, operation.id)
    done = started.run_if_few(begun)
    if all(operation.ended for operation in done):
        groups.check(group_id)
    return done


def _chosen(group_id, not_after, most):
    """{queue: ids}: of the queues that have most, as many as one act takes."""
    chosen = engine().error_groups.ids_up_to(group_id, not_after, most)
    largest = sorted(chosen.items(), key=lambda pair: -len(pair[1]))[: seen.MAX_QUEUES]
    return {queue: ids[:MAX_OF_A_QUEUE] for queue, ids in largest}


def _most():
    return FEW if request.form.get("few") else MAX_TASKS


def _told(verb, operations):
    if not operations:
        return "No task of the group is in error any more, so nothing was changed."
    return started.told(verb, operations)


def _where(group_id, operations):
    if operations and not all(operation.ended for operation in operations):
        return started.first_page(operations)
    return _url(group_id)


def _url(group_id):
    return url_for(".show", group_id=group_id)


def _whole(seconds):
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):
        raise InvalidRequest("Choose how long the group is to be snoozed.")
    return int(seconds)


def _sample(places):
    """The newest task of the page that is still there, as on its own page; None when none is."""
    for queue, task_id, _ in places[:SAMPLES_TRIED]:
        try:
            return detail.drawn(reading.task(queue, task_id).task)
        except TaskNotFound:
            continue
    return None


def _links(task, run):
    """To logs and the like of a run of the sample."""
    return links.of_run(
        settings().execution_integration_links,
        queue=task.queue,
        task_id=task.id,
        started_at=run.started_at,
        failed_at=run.failed_at,
    )


def _deploy_before(deploys, moment):
    """The newest deploy in the day before a moment, or None."""
    return next((one for one in deploys if 0 <= moment - one.at <= 86_400), None)


def _operations(group_id):
    found = []
    for operation_id in engine().error_groups.operations(group_id):
        try:
            found.append(engine().operations.get(operation_id))
        except OperationNotFound:
            continue
    return found
