import Basics
import Glibc
import TestKit

/// A program that runs beside a test and ends with it.
final class Background: Sendable {
    private let pid: Int32

    /// Starts one program, which has to stay in the foreground.
    init?(_ line: String, log: String) {
        // `timeout` ends it even when this process is killed.
        let output = Shell.run("timeout 120 \(line) >\(log) 2>&1 & echo $!").output
        guard let pid = Int32(output.trimming) else { return nil }
        self.pid = pid
    }

    deinit { kill(pid, SIGTERM) }
}

extension String {
    var trimming: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

/// nginx in front of git's own HTTP back end, with and without a password and TLS.
struct GitWebServer {
    static let isInstalled =
        Shell.has("nginx") && Shell.has("fcgiwrap") && Shell.has("openssl")
        && FileSystem.exists("/usr/lib/git-core/git-http-backend")

    let port: Int
    let securePort: Int
    let certificate: String
    private let programs: [Background]

    /// Serves `directory`: `/git/NAME`, `/private/NAME` for `ada` with `s3cret`, and some pages that are no repository.
    init?(directory: TemporaryDirectory) async throws {
        guard let port = FreePort.find(), let securePort = FreePort.find() else { return nil }
        self.port = port
        self.securePort = securePort
        certificate = directory.path("server.crt")
        Shell.run(
            """
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
            -keyout \(directory.path("server.key")) -out \(certificate)
            """)
        let socket = directory.path("fcgi.sock")
        let backend = """
            include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(socket);
            fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
            fastcgi_param GIT_PROJECT_ROOT \(directory.path); fastcgi_param GIT_HTTP_EXPORT_ALL 1;
            fastcgi_param GIT_CONFIG_COUNT 1; fastcgi_param GIT_CONFIG_KEY_0 safe.directory;
            fastcgi_param GIT_CONFIG_VALUE_0 *; fastcgi_param PATH_INFO $1;
            """
        try directory.write("ada:{PLAIN}s3cret\n", to: "passwords")
        try directory.write(
            """
            daemon off; pid \(directory.path("nginx.pid")); error_log \(directory.path("nginx.log"));
            \(getuid() == 0 ? "user root;" : "") events {}
            http {
              access_log off; client_body_temp_path \(directory.path("body")); fastcgi_temp_path \(directory.path("fcgi"));
              proxy_temp_path \(directory.path("proxy")); uwsgi_temp_path \(directory.path("uwsgi"));
              scgi_temp_path \(directory.path("scgi"));
              server {
                listen 127.0.0.1:\(port); listen 127.0.0.1:\(securePort) ssl;
                ssl_certificate \(certificate); ssl_certificate_key \(directory.path("server.key"));
                location ~ ^/git(/.*)$ { \(backend) }
                location ~ ^/private(/.*)$ { auth_basic x; auth_basic_user_file \(directory.path("passwords")); \(backend) }
                location /page { default_type text/html; return 200 "<html>welcome</html>"; }
                location /broken { return 503; }
                location /forbidden { return 403; }
                location /away/ { rewrite ^/away/(.*)$ http://localhost:$server_port/private/$1 permanent; }
                location /moved/ { rewrite ^/moved/(.*)$ /git/$1 permanent; }
              }
            }
            """, to: "nginx.conf")
        programs = [
            Background("fcgiwrap -f -s unix:\(socket)", log: directory.path("fcgiwrap.log")),
            Background("nginx -c \(directory.path("nginx.conf"))", log: directory.path("nginx.out")),
        ].compactMap { $0 }
        guard programs.count == 2,
            await eventually(.seconds(60), { FileSystem.exists(socket) && RawSocket(port: UInt16(port)) != nil })
        else { return nil }
    }
}

/// An OpenSSH server with a host key of its own, for one user key.
struct SecureShellServer {
    static let isInstalled = FileSystem.exists("/usr/sbin/sshd") && Shell.has("ssh-keygen")

    let port: Int
    let user: String
    private let program: Background

    /// `hostKeys` are the kinds of its own key, as `ssh-keygen -t` names them; `settings` more of its configuration.
    init?(
        directory: TemporaryDirectory, hostKeys: [String] = ["ed25519", "ecdsa"], settings: String = ""
    ) async throws {
        guard let port = FreePort.find() else { return nil }
        self.port = port
        user = Shell.run("id -un").output.trimming
        let top = directory.path
        Shell.run(
            """
            cd \(top) && for k in \(hostKeys.joined(separator: " ")); do ssh-keygen -q -t $k -N '' -f host_$k; done \
            ; ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q -t ed25519 -N 'open it' -f locked \
            && ssh-keygen -q -t ed25519 -N '' -f stranger && cat key.pub locked.pub > authorized; mkdir -p /run/sshd
            """)
        try directory.write(
            """
            Port \(port)
            ListenAddress 127.0.0.1
            \(hostKeys.map { "HostKey \(top)/host_\($0)" }.joined(separator: "\n"))
            \(settings)
            AuthorizedKeysFile \(top)/authorized
            PidFile none
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            PermitRootLogin yes
            SetEnv GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*
            """, to: "sshd_config")
        guard let program = Background("/usr/sbin/sshd -D -e -f \(top)/sshd_config", log: directory.path("sshd.log"))
        else {
            return nil
        }
        self.program = program
        guard await eventually(.seconds(60), { RawSocket(port: UInt16(port)) != nil }) else { return nil }
    }
}

/// A port that takes connections and never says anything.
final class SilentServer: Sendable {
    let port: Int
    private let descriptor: Int32

    init?() {
        guard let port = FreePort.find() else { return nil }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        self.port = port
        self.descriptor = descriptor
        guard bound == 0, listen(descriptor, 8) == 0 else { return nil }
    }

    deinit { close(descriptor) }
}

/// The program that tests of the child process spawn; nil where only the tests were built.
let builtProgram: String? = {
    var path = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let program = own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/reconcile"
    return FileSystem.exists(program) ? program : nil
}()
