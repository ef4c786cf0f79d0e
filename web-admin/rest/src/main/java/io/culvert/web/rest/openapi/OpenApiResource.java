package io.culvert.web.rest.openapi;

import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebResponse;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** {@code /openapi.json}: the API's own description, of the endpoints that answer at this moment. */
public final class OpenApiResource {
    private final Supplier<List<WebEndpoint>> all;
    private final String version;

    public OpenApiResource(Supplier<List<WebEndpoint>> all, String version) {
        this.all = all;
        this.version = version;
    }

    public List<WebEndpoint> endpoints() {
        return List.of(WebEndpoint.get(
                        "/api/v1/openapi.json",
                        Role.SIGNED_IN,
                        "Describe this API.",
                        Map.class,
                        _ -> WebResponse.json(OpenApi.document(all.get(), version)))
                .with(Flag.BEFORE_SETUP));
    }
}
