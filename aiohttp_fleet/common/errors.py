"""The one exception that is meant for an operator."""


class FleetError(Exception):
    """A problem that the operator can solve, described in one line.

    Args:
        thing: what it is about: a path, a section, a name.
        reason: what is wrong with it.
        next_step: what to do now.
        more: further lines, such as further problems; they begin with a newline.
    """

    def __init__(self, thing: str, reason: str, next_step: str, more: str = "") -> None:
        super().__init__(f"{thing}: {reason}; {next_step}{more}")
        self.thing = thing
        self.reason = reason
        self.next_step = next_step
