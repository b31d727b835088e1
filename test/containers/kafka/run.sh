#!/bin/bash
# Starts one Kafka node in a stand-in image as the published images do: each variable KAFKA_A_B is the property a.b ("__" is
# an underscore, "___" a dash); an unformatted log directory is formatted first.
set -euo pipefail
properties=/etc/kafka/server.properties

property_of() {
  local name=${1#KAFKA_}
  name=${name//___/-}
  name=${name//__/%}
  name=${name//_/.}
  name=${name//%/_}
  echo "${name,,}"
}

declare -A property=([log.dirs]=/var/lib/kafka/data)
while IFS='=' read -r -d '' name value; do
  case $name in
    KAFKA_HEAP_OPTS | KAFKA_OPTS | KAFKA_JVM_* | KAFKA_LOG4J_* | KAFKA_GC_* | KAFKA_JMX_* | KAFKA_CONFLUENT_* | KAFKA_BROKER_ID) ;;
    KAFKA_*) property[$(property_of "$name")]=$value ;;
  esac
done < /proc/self/environ
for name in "${!property[@]}"; do echo "$name=${property[$name]}"; done > "$properties"

java=(java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.xml -cp '/opt/kafka/libs/*')
"${java[@]}" -Xmx128m kafka.tools.StorageTool format --ignore-formatted \
  --cluster-id "${CLUSTER_ID:-4L6g3nShT-eMCtK--X86sw}" --config "$properties" > /dev/null
# Word splitting is meant: these hold options.
exec "${java[@]}" ${KAFKA_HEAP_OPTS:--Xmx512m} ${KAFKA_OPTS:-} kafka.Kafka "$properties"
