package io.culvert.net.ethernet;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code net.ethernet}. */
@ObjectClassDefinition(
        name = "Ethernet",
        description = "The learning bridge between the clients of listeners with dev: tap, and the appliance's TAP.")
public @interface EthernetSettings {
    @AttributeDefinition(
            name = "Stations per session",
            description = "Source addresses that one client may use at once: what it sends from more is dropped. A client "
                    + "that bridges a network of its own needs as many as there are hosts, and one.",
            min = "1",
            max = "65536")
    int stationsPerSession() default 32;

    @AttributeDefinition(
            name = "Stations of the TAP",
            description = "Addresses that are remembered of those behind the TAP; what is for others goes to every client.",
            min = "1",
            max = "65536")
    int stationsOfTap() default 4096;

    @AttributeDefinition(
            name = "Ageing time",
            description = "Seconds after which a station is forgotten that sends nothing.",
            min = "10",
            max = "1000000")
    int ageingSeconds() default 300;
}
