"""Prints the events of every organization as they happen, each once and in order.

Needs confluent-kafka and jsonschema (PyPI). Run: python3 consumer.py 127.0.0.1:9092 schemas/
"""

import json
import pathlib
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from jsonschema import Draft202012Validator

TOPIC = "propertyos.events"
SHARDS = 16

servers, schemas = sys.argv[1], pathlib.Path(sys.argv[2])
envelope = Draft202012Validator(json.loads((schemas / "domain_event.schema.json").read_text()))
payloads = {}


def payload_schema(event):
    """The schema of this event's payload; a version that isn't known yet is an error, never to be skipped."""
    name = f"{event['type']}.v{event['schemaVersion']}"
    if name not in payloads:
        payloads[name] = Draft202012Validator(json.loads((schemas / "events" / f"{name}.schema.json").read_text()))
    return payloads[name]


# The position that was read last, by shard. Keep it with what you write, in one transaction: then each event counts once.
position = dict.fromkeys(range(SHARDS), 0)

consumer = Consumer({"bootstrap.servers": servers, "group.id": "example", "enable.auto.commit": False})
consumer.assign([TopicPartition(TOPIC, shard, OFFSET_BEGINNING) for shard in range(SHARDS)])
while True:
    message = consumer.poll(1.0)
    if message is None:
        continue
    if message.error():
        sys.exit(str(message.error()))
    event = json.loads(message.value())
    envelope.validate(event)
    shard = message.partition()
    if position[shard] == 0:
        # The topic begins where its retention ends.
        position[shard] = event["position"] - 1
    if event["position"] <= position[shard]:
        continue  # A relay that was interrupted sends some again.
    if event["position"] != position[shard] + 1:
        sys.exit(f"shard {shard} lacks what follows {position[shard]}: it is older than the topic's retention")
    payload_schema(event).validate(event["payload"])
    position[shard] = event["position"]
    print(event["timestamp"], event["tenantId"], event["type"], event["aggregateId"], event["version"], flush=True)
