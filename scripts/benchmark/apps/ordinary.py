"""An application of ordinary size: pages from a template, SQLite through SQLAlchemy, and what is usual around them.

What the documentation of Sentry, OpenTelemetry and SQLAlchemy makes when a module is imported is made there.
"""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import aiohttp_jinja2
import jinja2
import sentry_sdk
from aiohttp import ClientSession, web
from aiohttp_session import setup as session_setup
from aiohttp_session.cookie_storage import EncryptedCookieStorage
from babel.dates import format_date
from cryptography.fernet import Fernet
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import Counter
from pydantic import BaseModel, ConfigDict
from sentry_sdk.integrations.aiohttp import AioHttpIntegration
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from scripts.benchmark.apps.pid import PID

DATABASE = Path(__file__).parent.parent / "static" / "articles.db"
"""Made by `prepare`; the workers run as the user nobody, who may not."""
ARTICLES = [(number, f"Article {number}", 1_700_000_000 + number * 86_400) for number in range(1, 21)]
TEMPLATE = """<!doctype html><title>Articles</title>
<ul>{% for article in articles %}<li id="{{ article.id }}">{{ article.title }}, {{ article.date }}</li>
{% endfor %}</ul>
"""
PAGES = Counter("pages", "Pages that were answered")
KEY = Fernet.generate_key()
sentry_sdk.init(integrations=[AioHttpIntegration()])  # without a DSN nothing is sent
trace.set_tracer_provider(TracerProvider())
TRACER = trace.get_tracer("articles")
ENGINE = create_engine(f"sqlite:///file:{DATABASE}?mode=ro&immutable=1&uri=true")
CLIENT = web.AppKey("client", ClientSession)


class Base(DeclarativeBase):
    """The tables."""


class Article(Base):
    """A row of the table."""

    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    published: Mapped[int]


class ArticleOut(BaseModel):
    """What the template gets of it."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
    published: int

    @property
    def date(self) -> str:
        """When it was published."""
        return _date(self.published)


def _date(seconds: int) -> str:
    return format_date(datetime.fromtimestamp(seconds, UTC), locale="en")


def prepare() -> bytes:
    """Make the database; return the right response."""
    DATABASE.parent.mkdir(exist_ok=True)
    DATABASE.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(DATABASE)) as connection, connection:
        connection.execute("create table articles (id integer primary key, title text, published integer)")
        connection.executemany("insert into articles values (?, ?, ?)", ARTICLES)
    articles = [{"id": number, "title": title, "date": _date(at)} for number, title, at in ARTICLES]
    return jinja2.Environment().from_string(TEMPLATE).render(articles=articles).encode()


@aiohttp_jinja2.template("articles")
async def _articles(request: web.Request) -> dict[str, object]:
    PAGES.inc()
    with TRACER.start_as_current_span("articles"), Session(ENGINE) as session:
        rows = session.scalars(select(Article).order_by(Article.id))
        return {"articles": [ArticleOut.model_validate(row) for row in rows]}


async def _client(app: web.Application):
    async with ClientSession() as app[CLIENT]:
        yield


async def create_app() -> web.Application:
    """Build it."""
    app = web.Application()
    aiohttp_jinja2.setup(app, loader=jinja2.DictLoader({"articles": TEMPLATE}))
    session_setup(app, EncryptedCookieStorage(Fernet(KEY)))
    app.cleanup_ctx.append(_client)
    app.add_routes([web.get("/", _articles), PID])
    return app
