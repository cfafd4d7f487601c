"""Every command works beside a file and beside a server."""

from __future__ import annotations

from tests.databases import database_kind as database_kind
from tests.nursery import letters_are_compiled_once as letters_are_compiled_once
from tests.nursery import letters_are_tried_once as letters_are_tried_once
from tests.nursery import workers_are_forked as workers_are_forked
