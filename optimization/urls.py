from django.urls import URLPattern

app_name = "optimization"

urlpatterns: list[URLPattern] = []
