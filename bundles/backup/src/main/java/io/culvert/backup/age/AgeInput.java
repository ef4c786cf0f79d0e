package io.culvert.backup.age;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;

/**
 * Opens what {@link AgeOutput} or the program {@code age -p} sealed. Each byte it gives is authentic; that nothing is
 * missing at the end is known when it has given the last one.
 */
public final class AgeInput extends InputStream {
    private static final String ALTERED = "it was altered, or is damaged";

    private final InputStream in;
    private final Chunk chunk;
    private byte[] sealed = {};
    private byte[] clear = {};
    private int at;
    private boolean ended;

    /**
     * @throws WrongPassphraseException when it was sealed under another passphrase
     * @throws DamagedFileException when it is no such file
     */
    public AgeInput(InputStream in, char[] passphrase) throws IOException {
        this.in = in;
        try {
            byte[] fileKey = AgeHeader.open(in, passphrase);
            byte[] nonce = in.readNBytes(16);
            if (nonce.length < 16) {
                throw new DamagedFileException("it is cut short");
            }
            chunk = Chunk.opening(fileKey, nonce);
            Arrays.fill(fileKey, (byte) 0);
            sealed = in.readNBytes(Chunk.LENGTH + Chunk.TAG);
        } catch (EOFException e) {
            throw new DamagedFileException(String.valueOf(e.getMessage()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK lacks what age files need", e);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        while (at == clear.length) {
            if (ended) {
                return -1;
            }
            open();
        }
        int n = Math.min(count, clear.length - at);
        System.arraycopy(clear, at, bytes, offset, n);
        at += n;
        return n;
    }

    private void open() throws IOException {
        byte[] following = in.readNBytes(Chunk.LENGTH + Chunk.TAG);
        boolean last = following.length == 0;
        if (sealed.length < Chunk.TAG) {
            throw new DamagedFileException("it is cut short");
        }
        try {
            clear = chunk.next(sealed, sealed.length, last);
        } catch (AEADBadTagException e) {
            throw new DamagedFileException(last ? "it is cut short, or was altered" : ALTERED);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK lacks what age files need", e);
        }
        if (last && clear.length == 0 && chunk.count() > 1) {
            throw new DamagedFileException(ALTERED);
        }
        at = 0;
        sealed = following;
        ended = last;
    }

    @Override
    public void close() throws IOException {
        Arrays.fill(clear, (byte) 0);
        in.close();
    }
}
