import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Prints the events of every organization as they happen, each once and in order.
 *
 * <p>Needs kafka-clients and jackson-databind. Run: {@code java -cp 'lib/*' Consumer.java 127.0.0.1:9092}
 */
public class Consumer {
  static final String TOPIC = "propertyos.events";
  static final int SHARDS = 16;

  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    // The position that was read last, by shard. Keep it with what you write, in one transaction: then each event counts once.
    Map<Integer, Long> read = new HashMap<>();
    List<TopicPartition> partitions =
        IntStream.range(0, SHARDS).mapToObj(shard -> new TopicPartition(TOPIC, shard)).toList();
    Map<String, Object> settings = Map.of("bootstrap.servers", args[0], "enable.auto.commit", false);
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (true) {
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofSeconds(1))) {
          JsonNode event = json.readTree(message.value());
          long position = event.required("position").asLong();
          // The topic begins where its retention ends.
          long before = read.getOrDefault(message.partition(), position - 1);
          if (position <= before) {
            continue; // A relay that was interrupted sends some again.
          }
          if (position != before + 1) {
            throw new IllegalStateException(
                "shard " + message.partition() + " lacks what follows " + before + ": it is older than the topic's retention");
          }
          read.put(message.partition(), position);
          System.out.println(
              String.join(
                  " ",
                  event.required("timestamp").asText(),
                  event.required("tenantId").asText(),
                  event.required("type").asText(),
                  event.required("aggregateId").asText(),
                  event.required("version").asText()));
        }
      }
    }
  }
}
