from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path
from django.views.generic import RedirectView

from config.metrics import Metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="optimization:sessions")),
    path("log-in/", auth_views.LoginView.as_view(template_name="log_in.html"), name="login"),
    path("log-out/", auth_views.LogoutView.as_view(), name="logout"),
    path("optimizations/", include("optimization.urls")),
    path("api/v1/", include("optimization.api.urls")),
    path("metrics", Metrics.as_view(), name="metrics"),
    path("admin/", admin.site.urls),
]

# Problems for /api/, Django's own pages elsewhere.
handler400 = "optimization.api.problem_responses.bad_request"
handler403 = "optimization.api.problem_responses.permission_denied"
handler404 = "optimization.api.problem_responses.page_not_found"
handler500 = "optimization.api.problem_responses.server_error"
