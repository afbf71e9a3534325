"""The page that a browser sees: what this is, its fingerprint, how to connect a client."""

from __future__ import annotations

import base64
import hashlib

from appliance.api.envelope import HEADERS

_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto }
code { overflow-wrap: anywhere }
"""
# This very style is allowed, and nothing else.
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
LANDING_POLICY = f"{HEADERS['Content-Security-Policy']}; style-src 'sha256-{_STYLE_HASH}'"

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>Anyun 安云</title>
<meta name="viewport" content="width=device-width">
<style>{style}</style></head><body>
<h1>Anyun 安云</h1><p>{about}</p><p>{how}</p><p>{fingerprint}<br><code>{digits}</code></p>
<p><a href="/v1/openapi.json">OpenAPI</a></p></body></html>"""

_ENGLISH = (
    "This is the management service of a private cloud.",
    "Connect with the Anyun desktop client or the command anyun login, using this address.",
    "Compare this fingerprint of the certificate authority with the one your client shows:",
)
_CHINESE = (
    "这是一个私有云的管理服务。",
    "请使用安云桌面客户端或命令 anyun login 连接到此地址。",
    "请将下面的证书颁发机构指纹与客户端显示的指纹核对：",
)


def landing_page(ca_fingerprint: str, *, chinese: bool) -> str:
    """The page in Chinese or English."""
    about, how, fingerprint = _CHINESE if chinese else _ENGLISH
    pairs = [ca_fingerprint[start : start + 2] for start in range(0, len(ca_fingerprint), 2)]
    return _PAGE.format(
        lang="zh-CN" if chinese else "en",
        style=_STYLE,
        about=about,
        how=how,
        fingerprint=fingerprint,
        digits=":".join(pairs).upper(),
    )
