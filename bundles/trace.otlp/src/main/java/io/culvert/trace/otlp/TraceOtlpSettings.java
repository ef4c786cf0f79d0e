package io.culvert.trace.otlp;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code trace.otlp}. */
@ObjectClassDefinition(
        name = "Traces",
        description = "Sends traces of handshakes and of changes of modules to an OpenTelemetry collector.")
public @interface TraceOtlpSettings {
    @AttributeDefinition(name = "Endpoint", description = "Where a collector takes OTLP over HTTP.")
    String endpoint() default "http://127.0.0.1:4318/v1/traces";

    @AttributeDefinition(
            name = "Authorization",
            description = "The header of that name, such as Bearer TOKEN.",
            required = false,
            type = AttributeType.PASSWORD)
    String authorization() default "";

    @AttributeDefinition(name = "Service name", description = "What the appliance calls itself in traces.")
    String serviceName() default "culvert";

    @AttributeDefinition(
            name = "Handshakes",
            description = "The share of handshakes that is traced, in percent; changes of modules all are.",
            min = "0",
            max = "100")
    int handshakePercent() default 100;
}
