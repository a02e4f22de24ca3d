"""A change of numprocs that leaves all other processes alone.

``supervisorctl update`` replaces the whole group when numprocs has changed (Supervisor/supervisor#177). Here a group
that has only gained or lost processes is reported as *added*, not changed; then ``update`` calls addProcessGroup for
it, which starts and stops the difference and nothing else. ``reread`` still changes nothing.
"""

from typing import Any

from supervisor import events
from supervisor.options import ProcessGroupConfig
from supervisor.states import STOPPED_STATES, ProcessStates


def install(supervisord: Any) -> None:
    """Replace the two methods, and subscribe to the states of processes."""
    live = LiveNumprocs(supervisord)
    supervisord.diff_to_active = live.diff
    supervisord.add_process_group = live.add
    events.subscribe(events.ProcessStateEvent, live.watch)


class LiveNumprocs:
    """Wraps two methods of supervisord's ``Supervisor``.

    Args:
        supervisord: the ``Supervisor``.
    """

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord
        self._logger = supervisord.options.logger
        self._diff = supervisord.diff_to_active
        self._add = supervisord.add_process_group
        self._leaving: dict[int, Any] = {}  # by id(): supervisord compares processes by their priority

    def diff(self) -> tuple[list[Any], list[Any], list[Any]]:
        """Return the groups that are new, changed and gone; those that `add` can change live count as new."""
        added, changed, removed = self._diff()
        live = [config for config in changed if self._only_number(config)]
        return [*added, *live], [config for config in changed if config not in live], removed

    def add(self, config: Any) -> bool:
        """Add a group, or the processes that a group has gained and lost; return whether there was anything to do."""
        if not self._only_number(config):
            return bool(self._add(config))
        group = self._supervisord.process_groups[config.name]
        wanted = {process.name for process in config.process_configs}
        gained = sorted(wanted - group.processes.keys())
        removed = [process for name, process in sorted(group.processes.items()) if name not in wanted]
        names = [process.config.name for process in removed]
        self._logger.info(f"fleet: {config.name}: adds {gained}, removes {names}; the others stay")
        group.config = config
        for process in removed:
            self._leaving[id(process)] = process
            if process.state == ProcessStates.BACKOFF:
                process.give_up()
            elif process.state in (ProcessStates.STARTING, ProcessStates.RUNNING):
                process.stop()
        self._settle(group)
        return True

    def watch(self, event: Any) -> None:
        """Drop a removed process when it has stopped."""
        try:
            if id(event.process) in self._leaving:
                self._settle(event.process.group)
        except Exception as error:  # raised here, it would end supervisord
            self._logger.warn(f"fleet: a stopped process could not be dropped ({type(error).__name__}: {error})")

    def _only_number(self, new: Any) -> bool:
        """Whether a group has only gained or lost processes, and keeps at least one."""
        group = self._supervisord.process_groups.get(new.name)
        if group is None or type(new) is not ProcessGroupConfig or type(group.config) is not ProcessGroupConfig:
            return False
        before, after = ({each.name: each for each in config.process_configs} for config in (group.config, new))
        common = before.keys() & after.keys()
        if not common or before.keys() == after.keys() or group.config.priority != new.priority:
            return False
        return all(before[name] == after[name] for name in common)

    def _settle(self, group: Any) -> None:
        """Make the group's processes those of its configuration, and those that have yet to stop.

        The dictionary is replaced, not changed: supervisord may be iterating over it.
        """
        processes = dict(group.processes)
        for name, process in group.processes.items():
            if id(process) in self._leaving and process.state in STOPPED_STATES:
                del processes[name], self._leaving[id(process)]
        for config in group.config.process_configs:
            if config.name not in processes:
                config.create_autochildlogs()
                processes[config.name] = config.make_process(group)
        group.processes = processes
