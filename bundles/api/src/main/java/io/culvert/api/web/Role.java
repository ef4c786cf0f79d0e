package io.culvert.api.web;

/**
 * What a caller may do, and what an endpoint asks for. {@link #OPERATOR} and {@link #USERS} both include
 * {@link #VIEWER}; {@link #ADMINISTRATOR} includes all three; {@link #SELF} stands alone.
 */
public enum Role {
    /** Nobody has to sign in. As a caller's role: nobody has. */
    NONE,
    /** Asked for by endpoints only: anyone who has signed in, whatever the role. */
    SIGNED_IN,
    /** A user of the VPN, who sees and changes nothing but what is theirs. Administrators are not users. */
    SELF,
    /** Sees everything but secrets. */
    VIEWER,
    /** Changes how the appliance runs. */
    OPERATOR,
    /** Adds and removes users and their profiles. */
    USERS,
    /** Everything. */
    ADMINISTRATOR;

    /** Whether a caller of this role may use what asks for {@code asked}. */
    public boolean allows(Role asked) {
        return switch (asked) {
            case NONE -> true;
            case SIGNED_IN -> this != NONE;
            case SELF -> this == SELF;
            case VIEWER -> ordinal() >= VIEWER.ordinal();
            case OPERATOR, USERS, ADMINISTRATOR -> this == asked || this == ADMINISTRATOR;
        };
    }
}
