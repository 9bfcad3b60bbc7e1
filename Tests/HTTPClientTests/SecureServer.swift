import Basics
import Glibc
import TestKit

/// nginx over TLS with an authority of its own: HTTP/2, gzip, a port that asks for client certificates, a socket.
final class SecureServer: Sendable {
    static let isInstalled = Shell.has("nginx") && Shell.has("openssl")

    let port: Int
    let mutualPort: Int
    private let directory: TemporaryDirectory

    func path(_ name: String) -> String { directory.path(name) }

    init?() throws {
        guard let port = FreePort.find(), let mutualPort = FreePort.find() else { return nil }
        self.port = port
        self.mutualPort = mutualPort
        directory = try TemporaryDirectory(prefix: "odooops-tls")
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        let made = Shell.run(
            """
            set -e; cd \(directory.path)
            for name in authority stranger; do
              openssl req -x509 \(key) -days 2 -subj /CN=$name -keyout $name.key -out $name.crt
            done
            printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > names
            for pair in server:authority client:authority foreign:stranger; do
              name=${pair%%:*}; by=${pair##*:}
              openssl req \(key) -subj /CN=$name -keyout $name.key -out $name.csr
              openssl x509 -req -in $name.csr -CA $by.crt -CAkey $by.key -CAcreateserial -days 2 -extfile names -out $name.crt
            done
            """)
        guard made.status == 0 else { return nil }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory.path($0));" }.joined(separator: " ")
        let answers = """
            default_type application/json;
            location /protocol { return 200 '"$server_protocol $ssl_client_s_dn $connection"'; }
            location /big { alias \(directory.path("big.json")); }
            """
        try directory.write("[" + String(repeating: "0,", count: 100_000) + "0]", to: "big.json")
        try directory.write(
            """
            daemon on; pid \(directory.path("nginx.pid")); error_log \(directory.path("nginx.log"));
            \(getuid() == 0 ? "user root;" : "") worker_processes 1; events {}
            http {
              access_log off; \(temporary) gzip on; gzip_types application/json; gzip_min_length 1000;
              ssl_certificate \(directory.path("server.crt")); ssl_certificate_key \(directory.path("server.key"));
              server { listen 127.0.0.1:\(port) ssl http2; listen 127.0.0.2:\(port) ssl; \(answers) }
              server {
                listen 127.0.0.1:\(mutualPort) ssl http2; listen unix:\(directory.path("socket"));
                ssl_client_certificate \(directory.path("authority.crt")); ssl_verify_client on; \(answers)
              }
            }
            """, to: "nginx.conf")
        // It comes back when it listens.
        guard Shell.run("nginx -c \(directory.path("nginx.conf")) -e \(directory.path("nginx.log"))").status == 0 else {
            return nil
        }
    }

    deinit { Shell.run("kill $(cat \(directory.path("nginx.pid")))") }
}
