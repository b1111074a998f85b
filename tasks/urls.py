"""Addresses of the pages about runs and jobs."""

from django.urls import path

from .pages import actions, compare, jobs, kin, runs

urlpatterns = [
    path("kin/", kin.kin, name="kin"),
    path("kin/kin.<slug:suffix>", kin.kin_table, name="kin-table"),
    path("kin/keep", kin.kin_keep, name="kin-keep"),
    path("kin/kept/<str:token>/", kin.kin_kept, name="kin-kept"),
    path("kin/kept/<str:token>/delete", kin.kin_delete, name="kin-delete"),
    path("api/kin/", kin.kin_api, name="kin-api"),
    path("runs/", runs.run_list, name="runs"),
    path("runs/compare/", compare.run_compare, name="run-compare"),
    path("runs/compare/templates/", compare.run_templates, name="run-templates"),
    path("runs/compare/candidates.csv", compare.run_differences, name="run-differences"),
    path("runs/<int:pk>/", runs.run_detail, name="run"),
    path("runs/<int:pk>/configurations.json", runs.run_configurations, name="run-configurations"),
    path("runs/<int:pk>/configurations.csv", runs.run_configurations_data, name="run-configurations-data"),
    path("runs/<int:pk>/progress.json", runs.run_progress, name="run-progress"),
    path("runs/<int:pk>/cancel", actions.run_cancel, name="run-cancel"),
    path("runs/<int:pk>/retry", actions.run_retry, name="run-retry"),
    path("jobs/<int:pk>/", jobs.job_detail, name="job"),
    path("jobs/<int:pk>/progress.json", jobs.job_progress_json, name="job-progress"),
    path("jobs/<int:pk>/cancel", actions.job_cancel_view, name="job-cancel"),
    path("jobs/<int:pk>/retry", actions.job_retry_view, name="job-retry"),
]
