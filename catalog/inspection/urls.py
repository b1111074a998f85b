"""Addresses of inspection."""

from django.urls import path

from . import endpoints, pages

urlpatterns = [
    path("inspect/", pages.inspect_next, name="inspect"),
    path("inspect/<int:pk>/", pages.inspect_candidate, name="inspect-candidate"),
    path("inspect/queue/", endpoints.queue, name="inspect-queue"),
    path("inspect/vote/", endpoints.vote, name="inspect-vote"),
    path("inspect/take-back/", endpoints.take_back, name="inspect-take-back"),
    path("practice/", pages.practice_next, name="practice"),
    path("practice/<int:pk>/", pages.practice_spectrum, name="practice-spectrum"),
    path("practice/queue/", endpoints.practice_queue, name="practice-queue"),
    path("practice/answer/", endpoints.practice_answer, name="practice-answer"),
    path("conflicts/", pages.conflicts, name="conflicts"),
    path("conflicts/queue/", endpoints.conflicts_queue, name="conflicts-queue"),
    path("conflicts/decision/", endpoints.decision, name="conflicts-decision"),
    path("inspection/", pages.inspection, name="inspection"),
    path("inspection/chain.csv", pages.chain_csv, name="inspection-chain"),
]
