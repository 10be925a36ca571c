"""What Distributor stores about sending; rules that must always hold are named database constraints.

Models may import distributor/rules, channels and contacts; they never import the engine or the API.
"""

from distributor.models.attempt import Attempt
from distributor.models.audit_entry import AuditEntry
from distributor.models.batch import Batch
from distributor.models.daily_use import DailyUse
from distributor.models.decision import Decision
from distributor.models.distribution import Distribution
from distributor.models.event_bundle import EventBundle
from distributor.models.event_endpoint import EventDelivery, EventEndpoint, EventReplay
from distributor.models.expansion import Expansion
from distributor.models.export import Export, ExportPart
from distributor.models.file_import import FileImport, ImportFault, ImportFileChunk, ImportPiece
from distributor.models.follow_up import FollowUp
from distributor.models.handover import Handover
from distributor.models.heartbeat import Heartbeat
from distributor.models.idempotency_key import IdempotencyKey
from distributor.models.installation import Installation
from distributor.models.list_connection import ConnectionStep, ListConnection
from distributor.models.machine_visits import MachineVisits
from distributor.models.manual_retry import ManualRetry
from distributor.models.metric_total import MetricTotal
from distributor.models.minute_count import MinuteCount
from distributor.models.open_link import OpenLink
from distributor.models.provider_event import ProviderEvent, Reply
from distributor.models.recipient import Recipient
from distributor.models.recurring_distribution import Occurrence, RecurringDistribution, RecurringStep
from distributor.models.response import Response
from distributor.models.retention_run import RetentionRun
from distributor.models.step import Step
from distributor.models.step_account import StepAccount
from distributor.models.survey import Survey
from distributor.models.touch import Touch

__all__ = [
    "Attempt",
    "AuditEntry",
    "Batch",
    "ConnectionStep",
    "DailyUse",
    "Decision",
    "Distribution",
    "EventBundle",
    "EventDelivery",
    "EventEndpoint",
    "EventReplay",
    "Expansion",
    "Export",
    "ExportPart",
    "FileImport",
    "FollowUp",
    "Handover",
    "Heartbeat",
    "IdempotencyKey",
    "ImportFault",
    "ImportFileChunk",
    "ImportPiece",
    "Installation",
    "ListConnection",
    "MachineVisits",
    "ManualRetry",
    "MetricTotal",
    "MinuteCount",
    "Occurrence",
    "OpenLink",
    "ProviderEvent",
    "Recipient",
    "RecurringDistribution",
    "RecurringStep",
    "Reply",
    "Response",
    "RetentionRun",
    "Step",
    "StepAccount",
    "Survey",
    "Touch",
]
