package io.culvert.api.web;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** Endpoints that a bundle adds to the web server, registered as a service; they go with the service. */
@ConsumerType
public interface WebEndpoints {
    /** Always the same ones. A path and method that another service already has is refused with a line in the log. */
    List<WebEndpoint> endpoints();
}
