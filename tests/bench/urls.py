"""The routes of the product and of its rivals."""

from django.urls import include, path

from tests.bench.acceptance.floor_view import CopySingleSendView, CopyView
from tests.bench.acceptance.naive_single_send import NaiveSingleSendView
from tests.bench.acceptance.naive_views import BulkOrmView, NaiveEventView, NaiveOrmView

urlpatterns = [
    path("bench/naive/surveys/<uuid:survey_id>/distributions/quick", NaiveOrmView.as_view()),
    path("bench/bulk/surveys/<uuid:survey_id>/distributions/quick", BulkOrmView.as_view()),
    path("bench/naive/events", NaiveEventView.as_view()),
    path("bench/copy/surveys/<uuid:survey_id>/distributions/quick", CopyView.as_view()),
    path("bench/naive/v1/distributions/send", NaiveSingleSendView.as_view()),
    path("bench/copy/v1/distributions/send", CopySingleSendView.as_view()),
    path("", include("config.urls")),
]
