public import Basics
public import Diff
public import Drivers
public import HTTPClient

/// One Docker engine: containers, images, networks and volumes by name.
///
/// Facts: the Engine API's description, version 1.40 to 1.44; docs/providers/docker.md tells what is done with them.
public final class DockerDriver: Driver {
    public let provider = "docker"
    public let version = "1"
    public let schemas = DockerKinds.all

    let api: DockerAPI
    let host: DockerHost
    let limits: DockerLimits
    let time: any TimeSource
    let logins: RegistryLogins?
    /// What this installation is called in its marks; nil: it has no name.
    let installation: String?

    /// A driver for one engine, whose transport was made with the host's options.
    ///
    /// With `logins` to the registries from which images are pulled that not everybody may have.
    public init(
        host: DockerHost, transport: any HTTPTransport, limits: DockerLimits = DockerLimits(),
        logins: RegistryLogins? = nil, installation: String? = nil,
        retry: RetryPolicy = RetryPolicy(attempts: 3, base: .milliseconds(200)), time: any TimeSource = SystemTime(),
        random: RandomSource = .system()
    ) {
        self.host = host
        self.limits = limits
        self.time = time
        self.logins = logins
        self.installation = installation
        api = DockerAPI(
            client: APIClient(
                provider: "docker", baseURL: host.baseURL, authorization: .none, transport: transport,
                budget: RequestBudget(.unlimited, time: time), retry: retry, time: time, random: random))
    }
}

/// How long the driver waits, and how much it does at once.
public struct DockerLimits: Sendable {
    /// Containers that are looked at at once.
    public var parallelism = 8
    /// How long a container has to end by itself before it is killed.
    public var stopGrace = Duration.seconds(30)
    /// The longest that a pull may take.
    public var pullDeadline = Duration.minutes(30)
    /// The longest that a removal which is under way may take.
    public var removalDeadline = Duration.minutes(2)

    public init() {}
}
