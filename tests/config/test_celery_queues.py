from config.celery import app


def test_every_queue_has_a_routing_key_of_its_own() -> None:
    """Queues that share exchange and key would each receive a copy of every message."""
    queues = app.amqp.queues.values()
    assert {queue.name: queue.routing_key for queue in queues} == {
        "control": "control",
        "matrix": "matrix",
        "optimize": "optimize",
        "validate": "validate",
    }
