"""Settings: the one place that reads the configuration file and the environment."""

from __future__ import annotations

from runner.settings.load import load_settings
from runner.settings.values import (
    ALLOWED_HOSTS,
    AuthMode,
    AuthSettings,
    HistorySettings,
    OutputSettings,
    PoolSettings,
    Right,
    Rule,
    ServerSettings,
    Settings,
)

__all__ = [
    "ALLOWED_HOSTS",
    "AuthMode",
    "AuthSettings",
    "HistorySettings",
    "OutputSettings",
    "PoolSettings",
    "Right",
    "Rule",
    "ServerSettings",
    "Settings",
    "load_settings",
]
