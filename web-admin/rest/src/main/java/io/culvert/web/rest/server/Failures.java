package io.culvert.web.rest.server;

import io.culvert.api.web.Problem;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What Jetty refuses before any endpoint sees it, told as everything else is. */
final class Failures extends ErrorHandler {
    private final Answers answers;

    Failures(Json json) {
        answers = new Answers(json);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus() < 400 ? 400 : response.getStatus();
        Headers.add(
                response.getHeaders(),
                !Door.LOCAL.equals(request.getConnectionMetaData().getConnector().getName()));
        answers.problem(new Problem(status, "bad-request", "the request is malformed"), request, response, callback);
        return true;
    }
}
