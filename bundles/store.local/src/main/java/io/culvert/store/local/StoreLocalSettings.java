package io.culvert.store.local;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code store.local}. */
@ObjectClassDefinition(
        name = "Store: local",
        description = "Durable records in a SQLite database below the home directory, sealed with AES-256-GCM.")
public @interface StoreLocalSettings {
    @AttributeDefinition(
            name = "Waiting transactions",
            description = "How many transactions may wait for the disk before new ones are refused.",
            min = "16",
            max = "1000000")
    int maxWaiting() default 8192;
}
