import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * Java's JSSE as a peer of the interoperability matrix.
 *
 * <p>One JSON object a line on standard input asks for a connection, as a client or as a server;
 * one JSON object a line on standard output answers: a server's port, then the report of what JSSE
 * says about the connection. Requests run side by side and are told apart by "id"; those with the
 * same "sessions" share what JSSE remembers.
 */
public final class Peer {
    private static final int TLS12 = 0x0303;
    private static final char[] NO_PASSWORD = {};
    private static final Map<String, SSLContext> REMEMBERING = new HashMap<>();

    private final Map<String, Object> asked;

    private Peer(Map<String, Object> asked) {
        this.asked = asked;
    }

    public static void main(String[] arguments) throws IOException {
        // Else JSSE takes the end of the stream for a close_notify.
        System.setProperty("com.sun.net.ssl.requireCloseNotify", "true");
        // Newer ones switch off RSA key exchange, which the matrix is to see.
        Security.setProperty("jdk.tls.disabledAlgorithms", "SSLv3, TLSv1, TLSv1.1, anon, NULL");
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            var peer = new Peer(new Json(line).object());
            var thread = new Thread(peer::answer);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void answer() {
        try {
            say("report", run());
        } catch (Exception error) {
            say("error", Json.text(error.toString()));
        }
    }

    private void say(String name, String value) {
        synchronized (System.out) {
            System.out.println("{\"id\": " + number("id") + ", \"" + name + "\": " + value + "}");
        }
    }

    private String text(String name) {
        return (String) asked.get(name);
    }

    private int number(String name) {
        return ((Double) asked.get(name)).intValue();
    }

    private String[] texts(String name) {
        return ((List<?>) asked.get(name)).toArray(String[]::new);
    }

    private boolean isClient() {
        return text("role").equals("client");
    }

    private String run() throws IOException, GeneralSecurityException {
        var context = context();
        var loopback = InetAddress.getByName("127.0.0.1");
        if (isClient()) {
            try (var raw = new Socket(loopback, number("port"))) {
                return talk(context, raw);
            }
        }
        try (var listener = new ServerSocket(0, 1, loopback)) {
            listener.setSoTimeout(deadline());
            say("port", Integer.toString(listener.getLocalPort()));
            try (var raw = listener.accept()) {
                return talk(context, raw);
            }
        }
    }

    private int deadline() {
        return (int) (1000 * (Double) asked.get("deadline"));
    }

    private SSLContext context() throws IOException, GeneralSecurityException {
        var sessions = text("sessions");
        if (sessions == null) {
            return newContext();
        }
        synchronized (REMEMBERING) {
            if (!REMEMBERING.containsKey(sessions)) {
                REMEMBERING.put(sessions, newContext());
            }
            return REMEMBERING.get(sessions);
        }
    }

    private SSLContext newContext() throws IOException, GeneralSecurityException {
        var anchors = KeyStore.getInstance("PKCS12");
        anchors.load(null, null);
        anchors.setCertificateEntry("root", certificates(text("ca"))[0]);
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(anchors);
        var own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        if (!text("chain").isEmpty()) {
            own.setKeyEntry("own", privateKey(), NO_PASSWORD, certificates(text("chain")));
        }
        var keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, NO_PASSWORD);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static Certificate[] certificates(String path)
            throws IOException, GeneralSecurityException {
        try (var file = Files.newInputStream(Path.of(path))) {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(file)
                    .toArray(Certificate[]::new);
        }
    }

    private PrivateKey privateKey() throws IOException, GeneralSecurityException {
        var pem = Files.readString(Path.of(text("key"))).replaceAll("-----[^-]+-----", "");
        var encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem));
        for (var algorithm : List.of("EC", "RSA", "RSASSA-PSS", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException another) {
                continue;
            }
        }
        throw new InvalidKeySpecException("no algorithm of JSSE's fits the key");
    }

    private String talk(SSLContext context, Socket raw) throws IOException {
        raw.setSoTimeout(deadline());
        raw.setTcpNoDelay(true);
        var host = isClient() ? text("server_name") : null;
        var made = context.getSocketFactory().createSocket(raw, host, raw.getPort(), true);
        try (var tls = (SSLSocket) made) {
            tls.setUseClientMode(isClient());
            tls.setSSLParameters(parameters());
            tls.startHandshake();
            int received = isClient() ? ask(tls) : echo(tls);
            return report(tls, received, finish(tls));
        }
    }

    private SSLParameters parameters() {
        var version = number("version") == TLS12 ? "TLSv1.2" : "TLSv1.3";
        var versions =
                (Boolean) asked.get("also_older")
                        ? new String[] {"TLSv1.3", "TLSv1.2"}
                        : new String[] {version};
        var suites = texts("suite_names");
        var parameters = new SSLParameters(suites.length == 0 ? null : suites, versions);
        parameters.setApplicationProtocols(texts("alpn"));
        if (isClient()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setServerNames(List.of(new SNIHostName(text("server_name"))));
        } else if (text("client_auth").equals("required")) {
            parameters.setNeedClientAuth(true);
        } else if (text("client_auth").equals("optional")) {
            parameters.setWantClientAuth(true);
        }
        return parameters;
    }

    private int ask(SSLSocket tls) throws IOException {
        tls.getOutputStream().write(text("payload").getBytes(StandardCharsets.US_ASCII));
        byte[] expected = text("answer").getBytes(StandardCharsets.US_ASCII);
        byte[] answer = tls.getInputStream().readNBytes(expected.length);
        if (!Arrays.equals(answer, expected)) {
            throw new IOException("the answer is not the expected one");
        }
        return answer.length;
    }

    private int echo(SSLSocket tls) throws IOException {
        byte[] expected = text("payload").getBytes(StandardCharsets.US_ASCII);
        InputStream in = tls.getInputStream();
        OutputStream out = tls.getOutputStream();
        byte[] chunk = new byte[16384];
        int received = 0;
        while (received < expected.length) {
            int count = in.read(chunk);
            int end = received + count;
            if (count < 0
                    || end > expected.length
                    || !Arrays.equals(chunk, 0, count, expected, received, end)) {
                throw new IOException("the payload is not the expected one at " + received);
            }
            out.write(chunk, 0, count);
            received = end;
        }
        return received;
    }

    /** Exchanges close_notify; its absence is an exception of JSSE's. */
    private boolean finish(SSLSocket tls) throws IOException {
        boolean first = text("closes_first").equals(text("role"));
        if (first) {
            tls.shutdownOutput();
        }
        if (tls.getInputStream().read() != -1) {
            throw new IOException("more than was asked for");
        }
        if (!first && !tls.isOutputShutdown()) {
            tls.shutdownOutput();
        }
        return true;
    }

    private String report(SSLSocket tls, int received, boolean closed) throws IOException {
        SSLSession session = tls.getSession();
        int version =
                switch (session.getProtocol()) {
                    case "TLSv1.3" -> TLS12 + 1;
                    case "TLSv1.2" -> TLS12;
                    default -> 0;
                };
        String certificate = "";
        try {
            byte[] leaf = session.getPeerCertificates()[0].getEncoded();
            certificate = HexFormat.of().formatHex(leaf);
        } catch (SSLPeerUnverifiedException none) {
            // a client that showed nothing
        } catch (GeneralSecurityException error) {
            throw new IOException(error);
        }
        return String.format(
                "{\"version\": %d, \"suite\": %s, \"certificate\": %s, \"alpn\": %s,"
                        + " \"received\": %d, \"closed\": %b, \"created\": %d}",
                version,
                Json.text(session.getCipherSuite()),
                Json.text(certificate),
                Json.text(tls.getApplicationProtocol()),
                received,
                closed,
                session.getCreationTime());
    }

    /** As much JSON as the requests have; the JDK brings none. */
    private static final class Json {
        private final String line;
        private int at;

        Json(String line) {
            this.line = line;
        }

        static String text(String value) {
            var quoted = new StringBuilder("\"");
            for (char letter : value.toCharArray()) {
                boolean plain = letter >= ' ' && letter < 127 && letter != '"' && letter != '\\';
                quoted.append(plain ? String.valueOf(letter) : String.format("\\u%04x", (int) letter));
            }
            return quoted.append('"').toString();
        }

        Map<String, Object> object() {
            var read = new HashMap<String, Object>();
            take('{');
            while (next() != '}') {
                var name = string();
                take(':');
                read.put(name, value());
            }
            take('}');
            return read;
        }

        private Object value() {
            char first = next();
            if (first == '"') {
                return string();
            }
            if (first == '[') {
                var items = new ArrayList<Object>();
                take('[');
                while (next() != ']') {
                    items.add(value());
                }
                take(']');
                return items;
            }
            int from = at;
            while ("-+.0123456789eEtrufalsn".indexOf(line.charAt(at)) >= 0) {
                at++;
            }
            var word = line.substring(from, at);
            return Character.isLetter(first) ? (Object) word.equals("true") : Double.valueOf(word);
        }

        private String string() {
            var read = new StringBuilder();
            take('"');
            while (line.charAt(at) != '"') {
                char letter = line.charAt(at++);
                if (letter == '\\') {
                    letter = line.charAt(at++);
                    if (letter == 'n') {
                        letter = '\n';
                    } else if (letter == 'u') {
                        letter = (char) Integer.parseInt(line.substring(at, at + 4), 16);
                        at += 4;
                    }
                }
                read.append(letter);
            }
            take('"');
            return read.toString();
        }

        /** The next character that is neither space nor comma. */
        private char next() {
            while (" ,".indexOf(line.charAt(at)) >= 0) {
                at++;
            }
            return line.charAt(at);
        }

        private void take(char expected) {
            if (next() != expected) {
                throw new IllegalArgumentException(expected + " expected at " + at);
            }
            at++;
        }
    }
}
