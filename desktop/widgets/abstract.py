"""Qt classes that are made only through subclasses which fill in what is missing."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any

from PySide6.QtCore import QObject


class AbstractQObject(ABCMeta, type(QObject)):
    """Metaclass for Qt classes with abstract methods.

    Python refuses to make an abstract class in `object.__new__`, which Qt's classes do not
    call: so it is done here.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        missing = ", ".join(sorted(cls.__abstractmethods__))
        if missing:
            raise TypeError(f"{cls.__name__} is abstract: {missing}")
        return super().__call__(*args, **kwargs)
