"""SIGTERM: what was taken is finished, the rest waits for whoever comes next, and nothing goes out twice."""

from tests.endtoend.running import Gateway, notice, person

CROWD = [(driver, f"{n:04}") for driver in ("cmpp", "smpp", "aliyun", "huawei") for n in range(6000, 6040)]


def test_a_worker_that_is_stopped_in_the_middle_drains_and_the_next_one_goes_on(gateway: Gateway) -> None:
    worker = next(name for name in gateway.children if name.startswith("worker"))
    gateway.post(*(event for driver, ending in CROWD for event in notice(driver, ending)))
    assert gateway.children.pop(worker).stop() == 0
    gateway.start_role("worker3")
    gateway.wait_ready("worker3")
    gateway.ends({person(driver, ending): ("delivered", None) for driver, ending in CROWD}, 20)
    assert gateway.sent_twice() == []
