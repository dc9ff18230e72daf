from django.urls import path

from optimization import views
from optimization.ranges import views as ranges_views
from optimization.request_form.correlation_view import correlation_table

app_name = "optimization"
urlpatterns = [
    path("", views.sessions, name="sessions"),
    path("new/", views.new, name="new"),
    path("new/correlations/<uuid:fund_id>.csv", correlation_table, name="correlation-table"),
    path("new/reach/<uuid:fund_id>/", ranges_views.ask, name="ask-reach"),
    path("new/reach/of/<uuid:ranges_id>/", ranges_views.follow, name="follow-reach"),
    path("<uuid:pk>/", views.session, name="session"),
    path("<uuid:pk>/progress/", views.progress, name="progress"),
    path("<uuid:pk>/cancel/", views.cancel, name="cancel"),
]
