package io.culvert.web.rest.resource;

import io.nayuki.qrcodegen.DataTooLongException;
import io.nayuki.qrcodegen.QrCode;
import java.util.Optional;

/** QR codes as SVG: always black on white, with the quiet zone of four modules that ISO/IEC 18004 asks for. */
final class QrPicture {
    private static final int QUIET = 4;

    private QrPicture() {}

    /** Whether the largest code holds that text. */
    static boolean fits(String text) {
        return code(text).isPresent();
    }

    static Optional<String> svg(String text) {
        return code(text).map(QrPicture::draw);
    }

    private static Optional<QrCode> code(String text) {
        try {
            return Optional.of(QrCode.encodeText(text, QrCode.Ecc.LOW));
        } catch (DataTooLongException e) {
            return Optional.empty();
        }
    }

    private static String draw(QrCode code) {
        int side = code.size + 2 * QUIET;
        var path = new StringBuilder();
        for (int y = 0; y < code.size; y++) {
            for (int x = 0; x < code.size; x++) {
                if (code.getModule(x, y)) {
                    path.append('M').append(x + QUIET).append(',').append(y + QUIET).append("h1v1h-1z");
                }
            }
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + side + " " + side
                + "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h" + side + "v" + side + "h-" + side
                + "z\"/><path d=\"" + path + "\"/></svg>";
    }
}
