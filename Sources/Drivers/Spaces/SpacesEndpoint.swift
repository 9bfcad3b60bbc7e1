public import Basics

/// Where the buckets are: an address for each region, or one for all.
public struct SpacesEndpoint: Sendable, Hashable {
    /// With `{region}` where each region has an address of its own.
    public let address: String
    /// The regions that are asked for buckets.
    public let regions: [String]

    /// DigitalOcean's addresses (docs.digitalocean.com/products/spaces/details/availability).
    public static let digitalOcean = SpacesEndpoint(
        address: "https://{region}.digitaloceanspaces.com",
        regions: [
            "ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1",
        ])

    public init(address: String, regions: [String]) {
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        self.address = address
        self.regions = regions
    }

    /// Reads what `SPACES_ENDPOINT_URL` says.
    ///
    /// - Parameter text: empty: DigitalOcean's regions; with `{region}`: these regions at other addresses; a region's
    ///   own address, `https://sgp1.digitaloceanspaces.com`: that region alone; anything else: one address for all
    ///   regions, as other S3 servers have it.
    public init(configured text: String) {
        if text.isEmpty {
            self = .digitalOcean
        } else if text.contains("{region}") {
            self.init(address: text, regions: Self.digitalOcean.regions)
        } else if let region = Self.digitalOcean.regions.first(where: {
            Self.host(of: text) == "\($0).digitaloceanspaces.com"
        }) {
            self.init(address: Self.digitalOcean.address, regions: [region])
        } else {
            self.init(address: text, regions: [])
        }
    }

    /// Whether one address serves every region: then a bucket is asked where it is.
    var isShared: Bool { !address.contains("{region}") }

    /// The address of a region.
    func url(_ region: String) -> String {
        guard let mark = address.utf8.firstIndex(of: UInt8(ascii: "{")), address[mark...].hasPrefix("{region}") else {
            return address
        }
        return address[..<mark] + region + address[mark...].dropFirst("{region}".count)
    }

    /// Host, and port where it isn't the scheme's own: what the header `Host` holds.
    static func host(of url: String) -> String {
        let parts = url.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count > 1 else { return "" }
        let authority = parts[1].lowercased()
        let standard = parts[0] == "https:" ? ":443" : ":80"
        return authority.hasSuffix(standard) ? String(authority.dropLast(standard.count)) : authority
    }
}

/// An access key of Spaces.
public struct SpacesCredential: Sendable {
    /// No secret, but replaced together with one.
    public let accessKey: Secret
    public let secretKey: Secret

    public init(accessKey: Secret, secretKey: Secret) {
        self.accessKey = accessKey
        self.secretKey = secretKey
    }
}
