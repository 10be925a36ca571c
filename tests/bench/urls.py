"""The product's routes and its rivals'."""

from django.urls import include, path

from tests.bench.floor_view import CopyView
from tests.bench.naive_views import BulkOrmView, NaiveOrmView

urlpatterns = [
    path("bench/naive/surveys/<uuid:survey_id>/distributions/quick", NaiveOrmView.as_view()),
    path("bench/bulk/surveys/<uuid:survey_id>/distributions/quick", BulkOrmView.as_view()),
    path("bench/copy/surveys/<uuid:survey_id>/distributions/quick", CopyView.as_view()),
    path("", include("config.urls")),
]
