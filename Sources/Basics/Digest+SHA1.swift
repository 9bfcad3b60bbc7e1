internal import CCrypto

/// HMAC-SHA-1 (RFC 2104), which OpenSSH uses to hash host names in known_hosts; for nothing new.
public func hmacSHA1(key: some Sequence<UInt8>, _ message: some Sequence<UInt8>) -> [UInt8] {
    let key = Array(key)
    let message = Array(message)
    var output = [UInt8](repeating: 0, count: 20)
    var length: UInt32 = 20
    HMAC(EVP_sha1(), key, Int32(key.count), message, message.count, &output, &length)
    return output
}
