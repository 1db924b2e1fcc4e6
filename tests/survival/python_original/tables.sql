-- Some of the Python original's tables as its `create_all` makes them, with a few rows. The app's service principal runs
-- this, as it runs the original's `init_database`, and so owns everything here.
CREATE TABLE user_sessions (
    id serial PRIMARY KEY,
    session_id varchar(64) NOT NULL UNIQUE,
    user_id varchar(255),
    created_by varchar(255),
    parent_session_id integer REFERENCES user_sessions (id) ON DELETE CASCADE,
    title varchar(255),
    created_at timestamp NOT NULL,
    last_activity timestamp NOT NULL,
    agent_config json,
    is_processing boolean NOT NULL
);
CREATE INDEX ix_user_sessions_created_by ON user_sessions (created_by);

CREATE TABLE session_messages (
    id serial PRIMARY KEY,
    session_id integer NOT NULL REFERENCES user_sessions (id) ON DELETE CASCADE,
    role varchar(20) NOT NULL,
    content text NOT NULL,
    created_at timestamp NOT NULL,
    message_type varchar(50),
    metadata_json text,
    request_id varchar(64)
);

CREATE TABLE session_slide_decks (
    id serial PRIMARY KEY,
    session_id integer NOT NULL UNIQUE REFERENCES user_sessions (id) ON DELETE CASCADE,
    title varchar(255),
    html_content text,
    slide_count integer,
    deck_json text,
    version integer NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE TABLE slide_style_library (
    id serial PRIMARY KEY,
    name varchar(100) NOT NULL UNIQUE,
    style_content text NOT NULL,
    image_guidelines text,
    is_active boolean NOT NULL,
    is_system boolean NOT NULL,
    is_default boolean NOT NULL
);

CREATE TABLE image_assets (
    id serial PRIMARY KEY,
    token varchar(64) NOT NULL UNIQUE,
    mime_type varchar(50),
    image_data bytea,
    tags jsonb,
    is_active boolean
);

CREATE TABLE encryption_keys (
    id integer PRIMARY KEY,
    key_value text NOT NULL,
    created_at timestamp NOT NULL
);

CREATE FUNCTION tellr_agent_config_precedence() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER trg_agent_config_precedence BEFORE INSERT OR UPDATE OF agent_config ON user_sessions
    FOR EACH ROW EXECUTE FUNCTION tellr_agent_config_precedence();

INSERT INTO user_sessions (session_id, created_by, title, created_at, last_activity, agent_config, is_processing) VALUES
    ('5f1c', 'one@example.com', 'Umsatz 2025 – Überblick', '2025-11-03 09:12:44.123456', '2025-11-03 09:30:00', '{"tools": []}', false),
    ('77ab', 'two@example.com', NULL, '2026-02-28 23:59:59', '2026-03-01 00:00:01', NULL, true);
INSERT INTO session_messages (session_id, role, content, created_at, message_type) VALUES
    (1, 'user', E'Ten slides on revenue,\nplease', '2025-11-03 09:13:00', 'user_query'),
    (1, 'assistant', '<section class="slide"><h1>42 %</h1></section>', '2025-11-03 09:14:10', 'llm_response');
INSERT INTO session_slide_decks (session_id, title, html_content, slide_count, deck_json, version, created_at, updated_at) VALUES
    (1, 'Umsatz', '<section class="slide"><h1>42 %</h1></section>', 1, '{"slides": [{"html": "…"}]}', 3, '2025-11-03 09:14:11', '2025-11-03 09:29:58');
INSERT INTO slide_style_library (name, style_content, image_guidelines, is_active, is_system, is_default) VALUES
    ('System Default', 'H1 40 px', NULL, true, true, true);
INSERT INTO image_assets (token, mime_type, image_data, tags, is_active) VALUES
    ('a1b2', 'image/png', '\x89504e470d0a1a0a00ff', '["logo"]', true);
INSERT INTO encryption_keys VALUES (1, 'bm90IGEgcmVhbCBrZXksIGp1c3Qgb25lIG9mIGEgdGVzdA==', '2025-11-03 09:00:00');
