"""Make what an import has defined immortal, so that workers only read it.

To use an object is to write its reference count, which unshares the page that it is on. The counts of None, of small
numbers and of other objects that no program frees are never written since Python 3.12: they are immortal (PEP 683).
Python has no function that makes an object so, hence its count is written here. What an import has made lives as long
as the process anyway.
"""

import gc
import os
import sys
import types
from collections.abc import Iterable
from typing import Any

SINCE = (3, 12)
NEWEST = (3, 15)
"""The last version that was tried."""
KINDS = (
    str, bytes, int, float, complex, tuple, frozenset, property, staticmethod, classmethod,
    types.BuiltinFunctionType, types.CellType, types.ClassMethodDescriptorType, types.CodeType, types.FunctionType,
    types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodDescriptorType, types.ModuleType,
    types.WrapperDescriptorType,
)  # fmt: skip
"""Besides classes; none of them does anything when it is freed, as a file or a generator does."""


def make_immortal() -> int:
    """Make all functions, classes and constants of this process immortal; return how many there are.

    Nothing is done where the interpreter is not known to have immortal objects in the same form.
    """
    is_known = sys.implementation.name == "cpython" and SINCE <= sys.version_info[:2] <= NEWEST and sys.maxsize > 2**32
    if not is_known or sys.abiflags:  # a debug build, or one without the lock (PEP 703): another layout
        return 0
    import ctypes  # an older Python needs none

    count = ctypes.c_uint32.from_address(id(None)).value
    memory = (ctypes.c_uint32 * (1 << 46)).from_address(0)
    probe = b"%d" % os.getpid()
    memory[id(probe) >> 2] = count
    if sys.getrefcount(probe) != sys.getrefcount(None):
        return 0
    kinds, number = set(KINDS), 0
    for each in _reachable():
        if type(each) in kinds or isinstance(each, type):
            memory[id(each) >> 2] = count
            number += 1
    return number


def _reachable() -> Iterable[Any]:
    """Return all objects that the collector knows, and what they refer to."""
    found: dict[int, Any] = {}
    new = gc.get_objects()
    while new:
        fresh = {id(each): each for each in new if id(each) not in found}
        found |= fresh
        new = gc.get_referents(*(each for each in fresh.values() if type(each) is not types.FrameType))
        for code in (each for each in fresh.values() if type(each) is types.CodeType):  # has no tp_traverse
            new += (code.co_consts, code.co_names, code.co_name, code.co_qualname, *code.co_consts, *code.co_names)
    return found.values()
