"""The headers that every answer carries."""

from __future__ import annotations

from runner.web.asgi import Headers

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

RAW_CONTENT_SECURITY_POLICY = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For output as it was written: should a browser take it for a page, it may do nothing at all."""

FRAGMENT_CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""For what only htmx asks for."""

_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "clipboard-write",
    "display-capture", "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope", "hid",
    "identity-credentials-get", "idle-detection", "keyboard-map", "local-fonts", "magnetometer", "microphone", "midi",
    "otp-credentials", "payment", "picture-in-picture", "publickey-credentials-create", "publickey-credentials-get",
    "screen-wake-lock", "serial", "storage-access", "usb", "window-management", "xr-spatial-tracking",
)  # fmt: skip

_DEFAULTS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{feature}=()" for feature in _FEATURES).encode()),
    (b"cache-control", b"no-store"),
)


def complete(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with every one of ours that the route did not set itself; what it set empty is none."""
    given = [(name.lower(), value) for name, value in headers]
    names = {name for name, _ in given}
    own = [(name, value) for name, value in _DEFAULTS if name not in names]
    return [(name, value) for name, value in given if value] + own
