"""What every request passes, from the outside in: log, headers, language, errors, login, csrf."""

from web.middleware.csrf import csrf
from web.middleware.errors import errors
from web.middleware.headers import headers
from web.middleware.language import language
from web.middleware.log import request_log
from web.middleware.login import login

ALL = (request_log, headers, language, errors, login, csrf)

__all__ = ["ALL", "csrf", "errors", "headers", "language", "login", "request_log"]
