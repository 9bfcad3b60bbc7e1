public import Basics
internal import DesiredState
public import Diff
public import Drivers
public import HTTPClient

/// Object storage that speaks S3: buckets and their lifecycle, and objects: copies of the store and its evidence.
///
/// Facts: AWS's S3 API reference and DigitalOcean's list of what Spaces does of it; docs/providers/spaces.md.
public final class SpacesDriver: Driver {
    public let provider = "spaces"
    public let version = "1"
    public let schemas: [KindSchema]

    let api: SpacesAPI
    let limits: SpacesLimits
    let time: any TimeSource
    /// Where each bucket is, as far as it has been seen.
    let places = Locked<[String: String]>([:])

    /// A driver for one access key, which signs every request; all drivers of one key should share a budget.
    public init(
        credential: SpacesCredential, endpoint: SpacesEndpoint = .digitalOcean, transport: any HTTPTransport,
        budget: RequestBudget? = nil, retry: RetryPolicy = RetryPolicy(), limits: SpacesLimits = SpacesLimits(),
        time: any TimeSource = SystemTime(), random: RandomSource = .system()
    ) {
        self.limits = limits
        self.time = time
        schemas = SpacesKinds.make(for: endpoint)
        api = SpacesAPI(
            endpoint: endpoint, credential: credential, transport: transport,
            budget: budget ?? RequestBudget(.spaces, time: time), retry: retry, time: time, random: random)
    }

    /// The objects of one bucket.
    public func objects(in bucket: String, region: String, _ context: DriverContext) -> SpacesObjects {
        SpacesObjects(api: api, bucket: bucket, region: region, context: context)
    }
}

/// How long the driver waits.
public struct SpacesLimits: Sendable {
    /// Regions, and buckets, that are asked at once.
    public var parallelism = 8
    public var firstPause = Duration.milliseconds(500)
    public var longestPause = Duration.seconds(5)
    /// The longest that a new bucket may stay invisible.
    public var visibilityDeadline = Duration.seconds(60)

    public init() {}
}

extension RequestBudgetConfiguration {
    /// Far below the 500 operations a second of old buckets (docs.digitalocean.com/products/spaces/details/limits).
    public static let spaces = RequestBudgetConfiguration(windows: [Window(limit: 100, per: .seconds(1))])
}
