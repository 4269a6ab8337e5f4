"""Who runs in the container: a number that the build makes an account for, or a name the base has."""

from __future__ import annotations

from envc.frozen import frozen

__all__ = ["Account", "account"]

_NAME = "envc"


@frozen
class Account:
    """An account of the image.

    Attributes:
        user: What Docker's USER takes.
        home: Where it is at home; `/` where only the base knows.
        is_made: Whether the build makes it, with these numbers, where the base has none of them.
        uid: Its number; 0 where it is not made.
        gid: Its group's number; 0 where it is not made.
        name: What it is called where it is made.
    """

    user: str
    home: str
    is_made: bool = False
    uid: int = 0
    gid: int = 0
    name: str = _NAME

    @property
    def is_number(self) -> bool:
        """Whether `user` is a number, and its group is, where it has one."""
        return self.user.replace(":", "").isdigit()

    @property
    def is_root(self) -> bool:
        """Whether it is root, by its name or its number."""
        return self.user.partition(":")[0] in {"0", "root"}


def account(user: str) -> Account:
    """Return the account that a spec's `user` means.

    >>> account("1000").user
    '1000:1000'
    """
    name, _, group = user.partition(":")
    if name in {"0", "root"}:
        return Account(user=user, home="/root")
    if not name.isdigit() or (group and not group.isdigit()):
        return Account(user=user, home="/")
    uid, gid = int(name), int(group or name)
    return Account(user=f"{uid}:{gid}", home=f"/home/{_NAME}", is_made=True, uid=uid, gid=gid)
