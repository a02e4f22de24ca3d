"""The one exception that is meant for an operator's eyes."""


class FleetError(Exception):
    """Something the operator can put right, told in one line.

    Args:
        thing: what it is about: a path, a section, a name.
        reason: what is wrong with it.
        next_step: what to do now.
    """

    def __init__(self, thing: str, reason: str, next_step: str) -> None:
        super().__init__(f"{thing}: {reason}; {next_step}")
        self.thing = thing
        self.reason = reason
        self.next_step = next_step
