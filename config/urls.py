from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="optimization:sessions")),
    path("log-in/", auth_views.LoginView.as_view(template_name="log_in.html"), name="login"),
    path("log-out/", auth_views.LogoutView.as_view(), name="logout"),
    path("optimizations/", include("optimization.urls")),
    path("api/v1/", include("optimization.api.urls")),
    path("admin/", admin.site.urls),
]
