#!/bin/bash
# Kafka's command-line tools in a stand-in image, by the names that the published image gives them.
set -euo pipefail
case ${0##*/} in
  kafka-topics.sh) class=TopicCommand ;;
  kafka-broker-api-versions.sh) class=BrokerApiVersionsCommand ;;
  *) echo "no tool is called $0" >&2 && exit 2 ;;
esac
exec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.xml \
  -cp '/opt/kafka/libs/*' "org.apache.kafka.tools.$class" "$@"
