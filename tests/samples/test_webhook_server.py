import threading
import urllib.request

from tests.waiting import wait_until


def test_it_goes_down_and_comes_back_on_the_same_port(output):
    from samples import webhook_server
    from samples.places import address_file

    stop, seen = threading.Event(), set()
    thread = threading.Thread(target=webhook_server.serve, args=(stop, 0.3, 0.3))
    thread.start()
    try:
        wait_until(lambda: address_file().is_file())
        url = address_file().read_text().strip()
        wait_until(lambda: seen.add(_answers(url + "/hooks/acme")) or seen == {True, False})
        wait_until(lambda: _answers(url + "/hooks/acme"))
    finally:
        stop.set()
        thread.join()


def test_a_receiver_answers_in_turn(webhook_server):
    turns = [webhook_server.next_answer("/hooks/globex") for _ in range(6)]
    assert turns == [200, 200, 500, 200, 200, 500]
    assert webhook_server.next_answer("/hooks/unknown") == 200


def _answers(url):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=b"{}"), timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
