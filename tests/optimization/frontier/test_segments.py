import pytest

from optimization.frontier.segments import MOST_POINTS, SECONDS_PER_SEGMENT, segments_of


@pytest.mark.parametrize("time_limit_seconds", [1.0, 60.0, 120.0, 150.0, 240.0])
@pytest.mark.parametrize("points", [3, 7, 21, 41])
def test_segments_cover_every_point_once_in_order(points: int, time_limit_seconds: float) -> None:
    segments = segments_of(points=points, time_limit_seconds=time_limit_seconds)

    assert [index for segment in segments for index in segment] == list(range(points))


@pytest.mark.parametrize("time_limit_seconds", [1.0, 60.0, 120.0, 150.0, 240.0])
def test_no_segment_can_take_longer_than_a_task_may(time_limit_seconds: float) -> None:
    for segment in segments_of(points=41, time_limit_seconds=time_limit_seconds):
        assert 1 <= len(segment) <= MOST_POINTS
        assert len(segment) * time_limit_seconds <= SECONDS_PER_SEGMENT


def test_segments_are_as_even_as_can_be() -> None:
    # 480 // 150 is 3 points at most; 7 points take 3 segments.
    sizes = [len(segment) for segment in segments_of(points=7, time_limit_seconds=150.0)]

    assert sizes == [2, 2, 3]
