"""The kinds of exports, by name."""

from collections.abc import Mapping
from typing import Final

from distributor.engine.exports.audit_log import AUDIT
from distributor.engine.exports.links import LINKS
from distributor.engine.exports.pages import Kind
from distributor.engine.exports.people import CONTACTS
from distributor.engine.exports.recipients import RECIPIENTS
from distributor.engine.exports.responses import RESPONSES
from distributor.engine.exports.suppressions import SUPPRESSIONS
from distributor.models.export import ExportKind

KINDS: Final[Mapping[str, Kind]] = {
    ExportKind.RECIPIENTS: RECIPIENTS,
    ExportKind.RESPONSES: RESPONSES,
    ExportKind.CONTACTS: CONTACTS,
    ExportKind.SUPPRESSIONS: SUPPRESSIONS,
    ExportKind.LINKS: LINKS,
    ExportKind.AUDIT: AUDIT,
}
