"""`run`, `resume`, `stop`."""

from typing import Annotated

from cyclopts import Parameter

from ryumon.cli.options import CONFINED, DEFAULTS, Common, Confinement, latest, say


def run(
    task: Annotated[str, Parameter(help="A registered task's name, or a task's folder.")],
    /,
    *,
    improver: Annotated[str, Parameter(help="Who proposes: mutate, or the controls random and best-of-n.")] = "mutate",
    set_: Annotated[
        tuple[str, ...],
        Parameter("--set", negative="", help="An option of the improver, as in parents=dgm or tuning.stale=100."),
    ] = (),
    budget: Annotated[str | None, Parameter(help="What may be spent, as in 3000ev,10m. Default: the task's.")] = None,
    seed: Annotated[int, Parameter(help="Fixes the run, its train and its validation cases.")] = 0,
    workers: Annotated[int | None, Parameter(help="Evaluations at a time. Default: one for each core.")] = None,
    lookahead: Annotated[int, Parameter(help="Proposals made ahead of their predecessors' results.")] = 8,
    test_seed: Annotated[int | None, Parameter(help="Fixes the test cases. Default: drawn after the search.")] = None,
    name: Annotated[str | None, Parameter(help="The run's name. Default: the task's and a number.")] = None,
    confinement: Confinement = CONFINED,
    common: Common = DEFAULTS,
) -> int:
    """Improve the program of TASK, and say whether it got better."""
    import asyncio

    from ryumon import supervisor
    from ryumon.cli.live import display
    from ryumon.improvers.options import assigned
    from ryumon.store import open_store

    settings = supervisor.Settings(
        improver=improver,
        options=assigned(set_),
        budget=budget,
        seed=seed,
        workers=workers,
        lookahead=lookahead,
        test_seed=test_seed,
        name=name,
    )
    supervisor.checked(task, settings)
    tier = confinement.tier()
    with display(quiet=common.json) as live:
        live.waiting(task)
        summary = asyncio.run(supervisor.start(open_store(common.store), task, settings, tier, live.update))
    say(common, summary, live.closing(summary))
    return 0


def resume(
    name: Annotated[str | None, Parameter(help="Default: the newest run.")] = None,
    /,
    *,
    budget: Annotated[str | None, Parameter(help="What to add, as in +2000ev.", allow_leading_hyphen=True)] = None,
    workers: Annotated[int | None, Parameter(help="Evaluations at a time. Default: one for each core.")] = None,
    confinement: Confinement = CONFINED,
    common: Common = DEFAULTS,
) -> int:
    """Take up a stopped run where it was, or extend a finished one by --budget."""
    import asyncio

    from ryumon import supervisor
    from ryumon.cli.live import display
    from ryumon.store import open_store

    store = open_store(common.store, create=False)
    name = latest(name, store.runs())
    tier = confinement.tier()
    with display(quiet=common.json) as live:
        summary = asyncio.run(supervisor.resume(store, name, tier, live.update, extra=budget, workers=workers))
    say(common, summary, live.closing(summary))
    return 0


def stop(
    name: Annotated[str | None, Parameter(help="Default: the newest run.")] = None, /, *, common: Common = DEFAULTS
) -> int:
    """Ask a run to end now; `ryumon resume` takes it up again."""
    from ryumon.store import open_store

    store = open_store(common.store, create=False)
    name = latest(name, store.runs())
    store.request_stop(name)
    say(common, {"run": name, "stop": "requested"}, f"{name}: asked to stop")
    return 0
